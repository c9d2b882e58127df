#pragma once

#include <abi/io/file.hpp>

#include <filesystem>

namespace libabi::io {

class LazyEngine;

/// A descriptor that is closed with its owner.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) noexcept : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor();
  int number() const noexcept { return number_; }

 private:
  int number_;
};

class DiskFile final : public File {
 public:
  DiskFile(Descriptor descriptor, std::filesystem::path path, LazyEngine& engine)
      : descriptor_(std::move(descriptor)), path_(std::move(path)), engine_(&engine) {}

  Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> to) override;
  Result<void> write(std::uint64_t offset, std::span<const std::byte> from) override;
  Result<void> sync() override;
  Result<std::uint64_t> size() override;
  Result<void> resize(std::uint64_t bytes) override;
  Result<void> reserve(std::uint64_t bytes) override;
  Result<Mapping> map(std::uint64_t offset, std::size_t bytes) override;
  void start(Operation& operation) noexcept override;
  void cancel(Operation& operation) noexcept override;

  int descriptor() const noexcept { return descriptor_.number(); }
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  Descriptor descriptor_;
  std::filesystem::path path_;
  LazyEngine* engine_;  // of the storage, which outlives its files
};

/// out_of_range where the system cannot address the range.
Result<void> check_range(std::uint64_t offset, std::size_t bytes, const std::filesystem::path& path);

}  // namespace libabi::io
