handlens_room(train DEPS base image pixels nn backbone dataset split)
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/train/logistic.cc PROPERTIES COMPILE_OPTIONS "$<$<CONFIG:Release>:-O3>")

# `ninja carried_weights`: the paper's generators as its code trains them, for studies (studies/carried_weights.cc).
add_executable(carried_weights EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/studies/carried_weights.cc)
target_link_libraries(carried_weights PRIVATE train)
