list(APPEND ABI_VDB_SOURCES documents/documents.cpp documents/reader.cpp documents/schema.cpp documents/text_index.cpp
  documents/text_query.cpp)
