#include "simulation.hpp"

#include <abi/base/boundary.hpp>

#include <functional>
#include <utility>

namespace libabi::io {

std::unexpected<Error> no_power() { return error(ErrorCode::unavailable, "the simulated disk has no power"); }

Result<void> SimulatedStorage::Impl::enter(SimulatedCall call) {
  if (!power) return no_power();
  std::optional<Fault>& fault = faults[static_cast<std::size_t>(call)];
  if (!fault || fault->calls_before-- != 0) return {};
  return error(std::exchange(fault, std::nullopt)->code, "the simulated disk was told to fail");
}

bool SimulatedStorage::Impl::cut_now() noexcept {
  if (changes++ != cut_at) return false;
  power = false;
  return true;
}

Result<void> SimulatedStorage::Impl::check_room(const SimulatedFile& file, std::uint64_t length) const {
  if (options.capacity_bytes == never || length <= file.content().size()) return {};
  std::uint64_t total = length;
  std::set<const SimulatedFile*> counted{&file};
  for (const auto& [path, node] : disk.names())
    if (node.file && counted.insert(node.file.get()).second) total += node.file->content().size();
  if (total <= options.capacity_bytes) return {};
  return error(ErrorCode::exhausted, "the simulated disk has {} bytes, {} would be used", options.capacity_bytes, total);
}

namespace {

class SimulatedLock final : public Lock {
 public:
  explicit SimulatedLock(std::function<void()> release) : release_(std::move(release)) {}
  ~SimulatedLock() override { release_(); }

 private:
  std::function<void()> release_;
};

Entry entry_of(const std::string& path, const SimulatedDisk::Node& node) {
  return {.name = path.substr(path.rfind('/') + 1),
          .folder = node.folder(),
          .bytes = node.folder() ? 0 : node.file->content().size()};
}

std::unexpected<Error> missing(const std::string& path) {
  return error(ErrorCode::not_found, "'{}' is not on the simulated disk", path);
}

}  // namespace

Result<std::unique_ptr<SimulatedStorage>> SimulatedStorage::create(const SimulationOptions& options) {
  return boundary([&]() -> Result<std::unique_ptr<SimulatedStorage>> {
    return std::unique_ptr<SimulatedStorage>(new SimulatedStorage(std::make_shared<Impl>(options)));
  });
}

SimulatedStorage::SimulatedStorage(std::shared_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
SimulatedStorage::~SimulatedStorage() = default;

Result<std::shared_ptr<File>> SimulatedStorage::open(const std::filesystem::path& path, const OpenOptions& options) {
  return boundary([&]() -> Result<std::shared_ptr<File>> {
    const std::lock_guard lock(impl_->mutex);
    if (!impl_->power) return no_power();
    const std::string name = SimulatedDisk::normal(path);
    const SimulatedDisk::Node* node = impl_->disk.find(name);
    if (node && node->folder()) return error(ErrorCode::invalid_argument, "'{}' is no regular file", name);
    if (node && options.create && options.exclusive) return error(ErrorCode::already_exists, "'{}' is there already", name);
    if (!node) {
      if (!options.create) return missing(name);
      ABI_TRY(impl_->enter(SimulatedCall::name));
      ABI_TRY(impl_->disk.check_parent(name));
      const bool cut = impl_->cut_now();
      impl_->disk.create(name, {.file = std::make_shared<SimulatedFile>()});
      if (cut) return no_power();
      node = impl_->disk.find(name);
    }
    const std::shared_ptr<SimulatedFile> file = node->file;
    if (options.truncate && !file->content().empty()) {
      const bool cut = impl_->cut_now();
      file->resize(0);
      if (cut) return no_power();
    }
    return impl_->open_file(file, options.access);
  });
}

Result<void> SimulatedStorage::create_folder(const std::filesystem::path& path) {
  return boundary([&]() -> Result<void> {
    const std::lock_guard lock(impl_->mutex);
    ABI_TRY(impl_->enter(SimulatedCall::name));
    const std::string name = SimulatedDisk::normal(path);
    if (const SimulatedDisk::Node* const node = impl_->disk.find(name)) {
      if (node->folder()) return {};
      return error(ErrorCode::already_exists, "'{}' is a file", name);
    }
    ABI_TRY(impl_->disk.check_parent(name));
    const bool cut = impl_->cut_now();
    impl_->disk.create(name, {});
    if (cut) return no_power();
    return {};
  });
}

Result<void> SimulatedStorage::remove(const std::filesystem::path& path) {
  return boundary([&]() -> Result<void> {
    const std::lock_guard lock(impl_->mutex);
    ABI_TRY(impl_->enter(SimulatedCall::name));
    const std::string name = SimulatedDisk::normal(path);
    if (!impl_->disk.find(name)) return missing(name);
    const auto next = impl_->disk.names().upper_bound(name + "/");
    if (next != impl_->disk.names().end() && next->first.starts_with(name + "/"))
      return error(ErrorCode::failed_precondition, "'{}' is a folder that is not empty", name);
    const bool cut = impl_->cut_now();
    impl_->disk.remove(name);
    if (cut) return no_power();
    return {};
  });
}

Result<void> SimulatedStorage::rename(const std::filesystem::path& from, const std::filesystem::path& to) {
  return boundary([&]() -> Result<void> {
    const std::lock_guard lock(impl_->mutex);
    ABI_TRY(impl_->enter(SimulatedCall::name));
    const std::string source = SimulatedDisk::normal(from), target = SimulatedDisk::normal(to);
    if (!impl_->disk.find(source)) return missing(source);
    ABI_TRY(impl_->disk.check_parent(target));
    if (const auto* const there = impl_->disk.find(target); there && there->folder())
      return error(ErrorCode::failed_precondition, "'{}' is a folder, '{}' cannot take its name", target, source);
    const bool cut = impl_->cut_now();
    impl_->disk.rename(source, target);
    if (cut) return no_power();
    return {};
  });
}

Result<void> SimulatedStorage::sync_folder(const std::filesystem::path& path) {
  return boundary([&]() -> Result<void> {
    const std::lock_guard lock(impl_->mutex);
    ABI_TRY(impl_->enter(SimulatedCall::name));
    const std::string name = SimulatedDisk::normal(path);
    if (!impl_->disk.find(name)) return missing(name);
    if (impl_->cut_now()) return no_power();
    impl_->disk.sync(name);
    return {};
  });
}

Result<std::vector<Entry>> SimulatedStorage::list(const std::filesystem::path& path) {
  return boundary([&]() -> Result<std::vector<Entry>> {
    const std::lock_guard lock(impl_->mutex);
    if (!impl_->power) return no_power();
    const std::string folder = SimulatedDisk::normal(path);
    if (const auto* const node = impl_->disk.find(folder); !node || !node->folder()) return missing(folder);
    std::vector<Entry> entries;
    const std::string prefix = folder.empty() ? folder : folder + "/";
    for (const auto& [name, node] : impl_->disk.names())
      if (name.starts_with(prefix) && name.find('/', prefix.size()) == std::string::npos) entries.push_back(entry_of(name, node));
    return entries;
  });
}

Result<Entry> SimulatedStorage::info(const std::filesystem::path& path) {
  return boundary([&]() -> Result<Entry> {
    const std::lock_guard lock(impl_->mutex);
    if (!impl_->power) return no_power();
    const std::string name = SimulatedDisk::normal(path);
    const SimulatedDisk::Node* const node = impl_->disk.find(name);
    if (!node) return missing(name);
    return entry_of(name, *node);
  });
}

Result<std::unique_ptr<Lock>> SimulatedStorage::lock(const std::filesystem::path& path, std::string_view owner) {
  return boundary([&]() -> Result<std::unique_ptr<Lock>> {
    ABI_TRY(const std::shared_ptr<File> file, open(path, {.access = Access::write, .create = true}));
    const std::string name = SimulatedDisk::normal(path);
    const auto held = std::make_shared<bool>(false);
    auto release = [impl = impl_, name, run = impl_->run, held] {
      const std::lock_guard lock(impl->mutex);
      if (*held && impl->run == run) impl->locks.erase(name);
    };
    auto taken = std::make_unique<SimulatedLock>(std::move(release));
    {
      const std::lock_guard lock(impl_->mutex);
      const auto [place, fresh] = impl_->locks.try_emplace(name, owner);
      if (!fresh) return error(ErrorCode::failed_precondition, "'{}' is locked by {}", name, place->second);
      *held = true;
    }
    ABI_TRY(file->resize(0));
    ABI_TRY(file->write(0, std::as_bytes(std::span(owner))));
    return taken;
  });
}

std::uint64_t SimulatedStorage::changes() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->changes;
}

void SimulatedStorage::cut_power_at(std::uint64_t change) {
  const std::lock_guard lock(impl_->mutex);
  impl_->cut_at = change;
}

void SimulatedStorage::cut_power() {
  const std::lock_guard lock(impl_->mutex);
  impl_->power = false;
}

bool SimulatedStorage::powered() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->power;
}

void SimulatedStorage::restart() {
  const std::lock_guard lock(impl_->mutex);
  impl_->disk.crash(impl_->random);
  impl_->locks.clear();
  impl_->faults = {};
  impl_->cut_at = Impl::never;
  impl_->power = true;
  ++impl_->run;
}

void SimulatedStorage::fail_next(SimulatedCall call, std::uint64_t n, ErrorCode code) {
  const std::lock_guard lock(impl_->mutex);
  impl_->faults[static_cast<std::size_t>(call)] = Impl::Fault{n, code};
}

Result<void> SimulatedStorage::flip_bit(const std::filesystem::path& path, std::uint64_t offset, unsigned bit) {
  return boundary([&]() -> Result<void> {
    const std::lock_guard lock(impl_->mutex);
    const std::string name = SimulatedDisk::normal(path);
    const SimulatedDisk::Node* const node = impl_->disk.find(name);
    if (!node || node->folder()) return missing(name);
    if (offset >= node->file->content().size())
      return error(ErrorCode::out_of_range, "byte {} of '{}', which has {}", offset, name, node->file->content().size());
    node->file->flip_bit(offset, bit);
    return {};
  });
}

}  // namespace libabi::io
