# The peers of the vector indexes.
bench_peer(hnswlib INCLUDE hnswlib/hnswlib.h SOURCES vdb/peer/hnswlib.cpp)
