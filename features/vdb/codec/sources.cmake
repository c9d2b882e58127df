abi_registry(codec/codec.def codecs)
list(APPEND ABI_VDB_SOURCES ${codecs} codec/axes.cpp codec/registry.cpp codec/rotation.cpp)
