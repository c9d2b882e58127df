#pragma once
/// A transaction that is rolled back unless it is committed.

#include "connection.hpp"

#include <utility>

namespace libabi::vdb::sqlite {

enum class Purpose : std::uint8_t { write, read };  ///< read: one snapshot for several statements, from begin() on

/// Errors: aborted, where another connection writes; failure.hpp's. One at a time on a connection.
class Transaction {
 public:
  static Result<Transaction> begin(Connection& connection, Purpose purpose = Purpose::write);
  Transaction(Transaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  Transaction& operator=(Transaction&& other) noexcept {
    std::swap(connection_, other.connection_);
    return *this;
  }
  ~Transaction();

  /// After an error nothing of it is there, unless it is the sync that failed: then it is unknown until the file is opened again.
  Result<void> commit();

 private:
  explicit Transaction(Connection& connection) noexcept : connection_(&connection) {}
  void roll_back() noexcept;

  Connection* connection_;
};

}  // namespace libabi::vdb::sqlite
