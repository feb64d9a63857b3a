handlens_room(search DEPS base dataset split train)

# `ninja trial`: one cell on a folder of pictures, for experiments (studies/trial.cc).
add_executable(trial EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/studies/trial.cc)
target_link_libraries(trial PRIVATE search)
