#pragma once
/// A prepared statement, kept by whoever runs it again and again.
///
///     ABI_TRY(sqlite::Statement find, connection.prepare("SELECT payload FROM record WHERE id = ?"));
///     ABI_TRY(find.bind({id}));
///     ABI_TRY(const bool found, find.step());
///     if (found) use(find.text(0));
///     find.reset();  // or the snapshot that it reads stays open

#include <abi/base/error.hpp>

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

struct sqlite3_stmt;

namespace libabi::vdb::sqlite {

/// What is bound to a place: nothing, an integer, a real, text or bytes; a view.
class Value {
 public:
  Value(std::nullptr_t) noexcept {}
  template <std::integral T>
  Value(T value) noexcept : value_(static_cast<std::int64_t>(value)) {}  // an unsigned one by its bits
  Value(double value) noexcept : value_(value) {}
  Value(std::string_view value) noexcept : value_(value) {}
  Value(const char* value) noexcept : value_(std::string_view(value)) {}
  Value(const std::string& value) noexcept : value_(std::string_view(value)) {}
  Value(std::span<const std::byte> value) noexcept : value_(value) {}

  const auto& variant() const noexcept { return value_; }

 private:
  std::variant<std::monostate, std::int64_t, double, std::string_view, std::span<const std::byte>> value_;
};

/// Of one connection, on its thread, and ended before it is closed. Errors: failure.hpp's.
class Statement {
 public:
  Statement() = default;

  /// Resets the statement and gives its places their values, from the first on. Text and bytes are not copied: they stay until
  /// the next reset.
  Result<void> bind(std::initializer_list<Value> values);
  /// True: there is a row. False: it is done, and reset.
  Result<bool> step();
  /// To the end, whatever rows there are.
  Result<void> run(std::initializer_list<Value> values = {});
  void reset() noexcept;

  // Of the row; views hold until the next step or reset.
  bool is_null(int column) const noexcept;
  bool is_text(int column) const noexcept;
  std::int64_t integer(int column) const noexcept;
  double real(int column) const noexcept;
  std::string_view text(int column) const noexcept;  ///< of a column that holds text or bytes; else empty

 private:
  friend class Connection;
  struct End {
    void operator()(sqlite3_stmt* statement) const noexcept;
  };
  explicit Statement(sqlite3_stmt* statement) noexcept : statement_(statement) {}
  std::unexpected<Error> fail(int result) noexcept;

  std::unique_ptr<sqlite3_stmt, End> statement_;
};

}  // namespace libabi::vdb::sqlite
