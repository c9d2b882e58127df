#pragma once
/// The names of a simulated disk: as a reader sees them, as they are durable, and the changes between the two.

#include "simulated_file.hpp"

#include <abi/base/error.hpp>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace libabi::io {

/// Not thread-safe; paths are normalised (normal()), the root is the empty one.
class SimulatedDisk {
 public:
  /// A folder has no file.
  struct Node {
    std::shared_ptr<SimulatedFile> file;
    bool folder() const noexcept { return !file; }
  };
  using Names = std::map<std::string, Node, std::less<>>;

  static std::string normal(const std::filesystem::path& path);

  const Names& names() const noexcept { return names_; }
  const Node* find(const std::string& path) const noexcept;
  /// Whether there is a folder for it to stand in.
  Result<void> check_parent(const std::string& path) const;

  void create(const std::string& path, Node node);
  void remove(const std::string& path);
  void rename(const std::string& from, const std::string& to);
  /// Changes of names in the folder become durable, and the earlier ones that they stand on.
  void sync(const std::string& folder);
  void crash(std::mt19937_64& random);

 private:
  struct Change {
    std::string from, to;  // create: only to; remove: only from
    Node node;             // of create
    bool touches(std::string_view path) const;
    bool shares_a_name_with(const Change& other) const;
    bool follows(const Change& earlier) const;  // names the very same path; a folder's own name is another matter
    bool in(std::string_view folder) const;
  };
  void make(Change change);
  static void apply(const Change& change, Names& names);

  Names names_, durable_;
  std::vector<Change> changes_;
};

}  // namespace libabi::io
