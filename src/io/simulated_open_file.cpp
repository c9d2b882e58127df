// An open file of the simulated disk.
#include "simulation.hpp"

#include <abi/base/boundary.hpp>

#include <algorithm>
#include <utility>

namespace libabi::io {

namespace {

template <class Impl>
class OpenFile final : public File {
 public:
  OpenFile(std::shared_ptr<Impl> disk, std::shared_ptr<SimulatedFile> file, Access access)
      : disk_(std::move(disk)), file_(std::move(file)), access_(access), run_(disk_->run) {}

  Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> to) override {
    return enter(SimulatedCall::read, [&]() -> Result<std::size_t> {
      const std::vector<std::byte>& content = file_->content();
      if (offset >= content.size()) return std::size_t{0};
      const std::size_t count = std::min<std::uint64_t>(to.size(), content.size() - offset);
      std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(offset), count, to.begin());
      return count;
    });
  }

  Result<void> write(std::uint64_t offset, std::span<const std::byte> from) override {
    return enter(SimulatedCall::write, [&]() -> Result<void> {
      ABI_TRY(check_writable());
      ABI_TRY(disk_->check_room(*file_, offset + from.size()));
      const bool cut = disk_->cut_now();
      file_->write(offset, from);
      if (cut) return no_power();
      return {};
    });
  }

  Result<void> sync() override {
    const std::lock_guard lock(disk_->mutex);
    return boundary([&]() -> Result<void> {
      ABI_TRY(check_run());
      if (Result<void> entered = disk_->enter(SimulatedCall::sync); !entered) {
        file_->lose_changes();
        return entered;
      }
      if (disk_->cut_now()) return no_power();
      file_->sync();
      return {};
    });
  }

  Result<std::uint64_t> size() override {
    return enter({}, [&]() -> Result<std::uint64_t> { return file_->content().size(); });
  }

  Result<void> resize(std::uint64_t bytes) override {
    return enter(SimulatedCall::write, [&]() -> Result<void> {
      ABI_TRY(check_writable());
      ABI_TRY(disk_->check_room(*file_, bytes));
      const bool cut = disk_->cut_now();
      file_->resize(bytes);
      if (cut) return no_power();
      return {};
    });
  }

  Result<void> reserve(std::uint64_t bytes) override {
    return enter({}, [&]() -> Result<void> { return disk_->check_room(*file_, bytes); });
  }

  Result<Mapping> map(std::uint64_t offset, std::size_t bytes) override {
    return enter(SimulatedCall::read, [&]() -> Result<Mapping> {
      const std::vector<std::byte>& content = file_->content();
      if (offset > content.size() || bytes > content.size() - offset)
        return error(ErrorCode::out_of_range, "{} bytes at {} are to be mapped of a file that has {}", bytes, offset,
                     content.size());
      const auto begin = content.begin() + static_cast<std::ptrdiff_t>(offset);
      auto copy = std::make_shared<std::vector<std::byte>>(begin, begin + static_cast<std::ptrdiff_t>(bytes));
      const std::span<const std::byte> view(*copy);
      return Mapping(view, std::move(copy));
    });
  }

  void start(Operation& operation) noexcept override {
    operation.file = this;
    operation.run = [](task::Job& self) noexcept {
      auto& started = static_cast<Operation&>(self);
      static_cast<OpenFile*>(started.file)->carry_out(started);
    };
    if (disk_->options.executor)
      disk_->options.executor->submit(operation);
    else
      operation.run(operation);
  }

  void cancel(Operation& operation) noexcept override { operation.cancelled.store(true, std::memory_order_relaxed); }

 private:
  void carry_out(Operation& operation) noexcept {
    if (operation.cancelled.load(std::memory_order_relaxed))
      return operation.finish(std::unexpected(Error{ErrorCode::cancelled, "the operation was cancelled", {}}));
    operation.finish(boundary([&]() -> Result<std::size_t> {
      if (operation.kind == Operation::Kind::read) return read(operation.offset, operation.to);
      if (operation.kind == Operation::Kind::write)
        ABI_TRY(write(operation.offset, operation.from));
      else
        ABI_TRY(sync());
      return operation.from.size();
    }));
  }

  // Runs `body` under the disk's lock, where there is power and no fault; `call` is none for what cannot be made to fail.
  template <class Body>
  std::invoke_result_t<Body> enter(std::optional<SimulatedCall> call, Body&& body) {
    const std::lock_guard lock(disk_->mutex);
    return boundary([&]() -> std::invoke_result_t<Body> {
      ABI_TRY(check_run());
      if (call) ABI_TRY(disk_->enter(*call));
      return body();
    });
  }

  Result<void> check_run() const {
    if (disk_->power && run_ == disk_->run) return {};
    if (!disk_->power) return no_power();
    return error(ErrorCode::unavailable, "the file was opened before the power went");
  }

  Result<void> check_writable() const {
    if (access_ == Access::write) return {};
    return error(ErrorCode::permission_denied, "the file was opened for reading");
  }

  std::shared_ptr<Impl> disk_;
  std::shared_ptr<SimulatedFile> file_;
  Access access_;
  std::uint64_t run_;
};

}  // namespace

std::shared_ptr<File> SimulatedStorage::Impl::open_file(std::shared_ptr<SimulatedFile> file, Access access) {
  return std::make_shared<OpenFile<Impl>>(shared_from_this(), std::move(file), access);
}

}  // namespace libabi::io
