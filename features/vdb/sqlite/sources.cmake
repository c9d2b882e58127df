list(APPEND ABI_VDB_SOURCES sqlite/connection.cpp sqlite/failure.cpp sqlite/open_file.cpp sqlite/page_gap.cpp
  sqlite/shared_file.cpp sqlite/statement.cpp sqlite/transaction.cpp sqlite/vfs.cpp)
