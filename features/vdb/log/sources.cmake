list(APPEND ABI_VDB_SOURCES log/digest.cpp log/erasures.cpp log/folder.cpp log/format.cpp log/local_log.cpp log/maintenance.cpp
  log/reader.cpp log/recovery.cpp log/segment_change.cpp log/segment_scan.cpp log/verify.cpp log/writer.cpp)
list(APPEND ABI_VDB_STUBS log/stub.cpp)
