abi_registry(index/index.def kinds)
list(APPEND ABI_VDB_SOURCES ${kinds} index/hnsw_search.cpp index/index.cpp index/registry.cpp index/space.cpp)
list(APPEND ABI_VDB_STUBS index/stub.cpp)
