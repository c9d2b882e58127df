#include "transaction.hpp"

namespace libabi::vdb::sqlite {

Result<Transaction> Transaction::begin(Connection& connection, Purpose purpose) {
  ABI_TRY(connection.execute(purpose == Purpose::write ? "BEGIN IMMEDIATE" : "BEGIN"));
  Transaction begun(connection);
  // BEGIN alone takes no snapshot: the first statement that reads does.
  if (purpose == Purpose::read) ABI_TRY(connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1"));
  return begun;
}

Transaction::~Transaction() {
  if (connection_) roll_back();
}

Result<void> Transaction::commit() {
  Result<void> committed = connection_->execute("COMMIT");
  if (!committed) roll_back();
  connection_ = nullptr;
  return committed;
}

// SQLite has rolled back by itself where it could not go on. A rollback that fails leaves the file to the next one who opens it.
void Transaction::roll_back() noexcept {
  if (connection_->in_transaction()) static_cast<void>(connection_->execute("ROLLBACK"));
}

}  // namespace libabi::vdb::sqlite
