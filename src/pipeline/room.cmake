# tomlplusplus reads handlens.toml; it is used header-only, so the room needs no library of it at run time.
find_path(TOMLPLUSPLUS_INCLUDE toml++/toml.h REQUIRED)
handlens_room(pipeline FOLDERS options steps DEPS report package review)
# The demo finds its pictures beside the program, here as where it is installed.
file(CREATE_LINK ${CMAKE_SOURCE_DIR}/data ${CMAKE_BINARY_DIR}/data SYMBOLIC)
