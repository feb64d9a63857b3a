find_package(ZLIB REQUIRED)
pkg_check_modules(LIBZIP REQUIRED IMPORTED_TARGET libzip)
handlens_room(package FOLDERS android DEPS base image describe inference tflite LIBS OpenSSL::Crypto ZLIB::ZLIB)
handlens_embed(package c_files.h CFiles ${CMAKE_SOURCE_DIR}/apps/c/example.c ${CMAKE_SOURCE_DIR}/apps/c/Makefile
  ${CMAKE_SOURCE_DIR}/apps/c/README.md.in)
target_link_libraries(package_test PRIVATE PkgConfig::LIBZIP)  # the oracle

# Packs the models of the browser tests (tests/web/run.sh).
add_executable(pack_web_samples ${CMAKE_SOURCE_DIR}/tests/web/pack_samples.cc)
target_link_libraries(pack_web_samples PRIVATE package)
set_target_properties(pack_web_samples PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests_bin)
add_test(NAME web.browser COMMAND ${CMAKE_SOURCE_DIR}/tests/web/run.sh ${CMAKE_BINARY_DIR})
set_tests_properties(web.browser PROPERTIES TIMEOUT 3000 SKIP_RETURN_CODE 77 RUN_SERIAL ON)
# From the web app back to the run (verify --import).
add_test(NAME web.phones COMMAND ${CMAKE_SOURCE_DIR}/tests/phones/web.sh ${CMAKE_BINARY_DIR})
set_tests_properties(web.phones PROPERTIES TIMEOUT 1200 SKIP_RETURN_CODE 77 RUN_SERIAL ON)
# Sample apps for tests/android/run.sh.
add_executable(sample_app ${CMAKE_SOURCE_DIR}/tests/android/sample_app.cc)
target_link_libraries(sample_app PRIVATE package)
# Words planted in pictures and names, looked for in everything that is given away.
add_test(NAME privacy.markers COMMAND ${CMAKE_SOURCE_DIR}/tests/privacy/markers.py ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR})
set_tests_properties(privacy.markers PROPERTIES TIMEOUT 600 SKIP_RETURN_CODE 77)
# No call to the network (skipped where there is no strace, or where it may not look).
add_test(NAME privacy.no_network COMMAND ${CMAKE_SOURCE_DIR}/tests/privacy/no_network.sh ${CMAKE_BINARY_DIR})
set_tests_properties(privacy.no_network PROPERTIES TIMEOUT 600 SKIP_RETURN_CODE 77)
# The iPhone and the Flutter project (tests/projects/run.sh).
add_executable(pack_projects ${CMAKE_SOURCE_DIR}/tests/projects/pack_projects.cc)
target_link_libraries(pack_projects PRIVATE package)
set_target_properties(pack_projects PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests_bin)
add_test(NAME projects.read_back COMMAND ${CMAKE_SOURCE_DIR}/tests/projects/run.sh ${CMAKE_BINARY_DIR})
set_tests_properties(projects.read_back PROPERTIES TIMEOUT 600 SKIP_RETURN_CODE 77)
# From the Flutter project back to the run (verify --import).
add_test(NAME projects.flutter_records COMMAND ${CMAKE_SOURCE_DIR}/tests/phones/flutter.sh ${CMAKE_BINARY_DIR})
set_tests_properties(projects.flutter_records PROPERTIES TIMEOUT 600 SKIP_RETURN_CODE 77)
# The program for the Raspberry Pi, under emulation (tests/pi/run.sh).
add_test(NAME devices.pi COMMAND ${CMAKE_SOURCE_DIR}/tests/pi/run.sh ${CMAKE_BINARY_DIR})
set_tests_properties(devices.pi PROPERTIES TIMEOUT 1200 SKIP_RETURN_CODE 77 RUN_SERIAL ON)
# Its cameras, with a driver made for the test.
add_executable(pi_camera_test ${CMAKE_SOURCE_DIR}/tests/pi/camera_test.cc ${CMAKE_SOURCE_DIR}/tests/pi/files_test.cc
  ${CMAKE_SOURCE_DIR}/apps/pi/pack.cc ${CMAKE_SOURCE_DIR}/apps/pi/frames.cc
  ${CMAKE_SOURCE_DIR}/apps/pi/y4m.cc ${CMAKE_SOURCE_DIR}/apps/pi/v4l2.cc)
set_target_properties(pi_camera_test PROPERTIES UNITY_BUILD OFF)  # its files have names of their own
target_include_directories(pi_camera_test PRIVATE ${CMAKE_SOURCE_DIR}/apps/pi)
target_link_libraries(pi_camera_test PRIVATE image test_main)
gtest_discover_tests(pi_camera_test TEST_PREFIX "devices.pi." DISCOVERY_TIMEOUT 60)
