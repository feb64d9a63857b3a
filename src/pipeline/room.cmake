# tomlplusplus reads handlens.toml; it is used header-only, so the room needs no library of it at run time.
find_path(TOMLPLUSPLUS_INCLUDE toml++/toml.h REQUIRED)
handlens_room(pipeline DEPS report package review)
target_compile_definitions(pipeline PRIVATE HANDLENS_DATA_DIR="${CMAKE_SOURCE_DIR}/data")
