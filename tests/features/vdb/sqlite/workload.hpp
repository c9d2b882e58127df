#pragma once
/// Random transactions, and what the database may hold after each of them.

#include "tools.hpp"

namespace libabi::vdb::sqlite {

/// A table of keys and values and the number of the last transaction, with the states that they had.
class Workload {
 public:
  explicit Workload(std::uint64_t seed) : random_(seed) {}

  /// Opens the database, and checks that it is whole and holds a prefix of the transactions, with all that are durable.
  void open(io::Storage& storage, const Durability durability) {
    durability_ = durability;
    files_ = Vfs::create(storage).value();
    // The smallest cache, so that a transaction spills, and a checkpoint every few commits.
    Result<Connection> opened = Connection::open(
        *files_, "a.db",
        {.durability = durability, .cache_bytes = 4 << 10, .checkpoint_pages = static_cast<unsigned>(random_() % 30)});
    ASSERT_TRUE(opened) << opened.error().text();
    database_ = *std::move(opened);
    check();
  }

  /// What may fail: opening, transactions, checkpoints. The first error.
  Result<void> go_on(int transactions) {
    ABI_TRY(
        database_.execute("CREATE TABLE IF NOT EXISTS kv(k INTEGER PRIMARY KEY, v BLOB);"
                          "CREATE TABLE IF NOT EXISTS last(one INTEGER PRIMARY KEY, n INTEGER)"));
    for (int i = 0; i < transactions; ++i) {
      ABI_TRY(transact());
      if (random_() % 8 != 0) continue;
      ABI_TRY(database_.checkpoint());
      durable_ = states_.size() - 1;
    }
    return {};
  }

  void close() {
    database_ = {};
    files_ = nullptr;
  }

  std::uint64_t transactions() const { return states_.size() - 1; }

 private:
  using State = std::map<std::int64_t, std::string>;

  Result<void> transact() {
    State state = states_.back();
    ABI_TRY(Transaction transaction, Transaction::begin(database_));
    ABI_TRY(Statement put, database_.prepare("INSERT OR REPLACE INTO kv VALUES(?, ?)"));
    ABI_TRY(Statement remove, database_.prepare("DELETE FROM kv WHERE k = ?"));
    for (std::uint64_t change = random_() % 6 + 1; change > 0; --change) {
      const auto key = static_cast<std::int64_t>(random_() % 30);
      if (random_() % 3 == 0) {
        ABI_TRY(remove.run({key}));
        state.erase(key);
        continue;
      }
      const std::string value(random_() % 4 == 0 ? random_() % 9000 : random_() % 300, static_cast<char>('a' + random_() % 26));
      ABI_TRY(put.run({key, value}));
      state[key] = value;
    }
    ABI_TRY(Statement count, database_.prepare("INSERT OR REPLACE INTO last VALUES(1, ?)"));
    ABI_TRY(count.run({states_.size()}));
    states_.push_back(std::move(state));  // from here on it may be there
    ABI_TRY(transaction.commit());
    if (durability_ == Durability::at_commits) durable_ = states_.size() - 1;
    return {};
  }

  void check() {
    ASSERT_EQ(answer(database_, "PRAGMA integrity_check"), "ok");
    std::size_t last = 0;
    State found;
    if (answer(database_, "SELECT count(*) FROM sqlite_schema WHERE name = 'last'") == "1") {
      const std::string number = answer(database_, "SELECT n FROM last");
      last = number == "no row" ? 0 : std::stoul(number);
      Statement all = database_.prepare("SELECT k, v FROM kv").value();
      while (all.step().value()) found[all.integer(0)] = all.text(1);
    }
    ASSERT_GE(last, durable_);
    ASSERT_LT(last, states_.size());
    ASSERT_EQ(found, states_[last]) << "after transaction " << last;
    states_.resize(last + 1);
    // What is read now may not be durable yet, and after the next cut a shorter prefix be there.
  }

  std::mt19937_64 random_;
  Durability durability_ = Durability::at_commits;
  std::unique_ptr<Vfs> files_;
  Connection database_;
  std::vector<State> states_{State()};
  std::size_t durable_ = 0;
};

}  // namespace libabi::vdb::sqlite
