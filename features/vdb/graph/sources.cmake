list(APPEND ABI_VDB_SOURCES graph/add.cpp graph/choose.cpp graph/graph.cpp graph/remove.cpp graph/walk.cpp)
