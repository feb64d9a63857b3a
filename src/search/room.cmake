handlens_room(search FOLDERS candidates sharing DEPS base dataset split train)

# `ninja trial`: one cell on a folder of pictures, for experiments (studies/trial.cc).
add_executable(trial EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/studies/trial.cc)
target_link_libraries(trial PRIVATE search)
# `ninja race_rounds`: what a race loses by its rounds, by replaying it over a whole grid (studies/race_rounds.cc).
add_executable(race_rounds EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/studies/race_rounds.cc)
target_link_libraries(race_rounds PRIVATE search)

# `ninja teach`: small networks taught by a large one, for studies (studies/teach.cc).
add_executable(teach EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/studies/teach.cc)
target_link_libraries(teach PRIVATE search)
