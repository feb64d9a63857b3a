# Engines of clusters, each started by its own test; skipped, and counted as such, where its packages are missing (./dev installs them).
foreach(engine mpi parallel slurm kubernetes)
  add_test(NAME cluster.${engine} COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/${engine}.sh ${CMAKE_BINARY_DIR})
  set_tests_properties(cluster.${engine} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
endforeach()

# A hundred workers with a pretended trainer, over a disk that shows things late and has no locks.
add_executable(cluster_worker ${CMAKE_CURRENT_LIST_DIR}/worker.cc)
target_link_libraries(cluster_worker PRIVATE search)
set_target_properties(cluster_worker PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests_bin)
add_library(far_disk MODULE ${CMAKE_CURRENT_LIST_DIR}/far_disk.cc)
target_link_libraries(far_disk PRIVATE handlens_flags ${CMAKE_DL_LIBS})
set_target_properties(far_disk PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests_bin)
add_dependencies(cluster_worker far_disk)
if(Python3_FOUND)
  add_test(NAME cluster.many_workers COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/many_workers.py ${CMAKE_BINARY_DIR})
  set_tests_properties(cluster.many_workers PROPERTIES TIMEOUT 300)
endif()
