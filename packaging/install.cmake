# `cmake --install build --prefix PREFIX`: the program and all that it needs, in a tree that may be moved or copied. The program
# finds its parts from where it lies itself: ../lib/handlens and ../share/handlens. What `./dev apps` and `./dev weights` did
# not make is left out; the program says so when it is asked for it.
set(private lib/handlens)
set(share share/handlens)

# DT_RPATH, not DT_RUNPATH: it also serves the libraries of the libraries that a package carries.
set_target_properties(handlens PROPERTIES INSTALL_RPATH "$ORIGIN/../lib/handlens")
set_target_properties(handlens_judge PROPERTIES INSTALL_RPATH "$ORIGIN")
target_link_options(handlens PRIVATE -Wl,--disable-new-dtags)
set_target_properties(handlens_dicom PROPERTIES INSTALL_RPATH "$ORIGIN")
target_link_options(handlens_judge PRIVATE -Wl,--disable-new-dtags)
target_link_options(handlens_dicom PRIVATE -Wl,--disable-new-dtags)

install(TARGETS handlens RUNTIME DESTINATION bin)
install(TARGETS handlens_judge RUNTIME DESTINATION ${private})
install(TARGETS handlens_dicom LIBRARY DESTINATION ${private})
install(FILES ${CMAKE_BINARY_DIR}/lib/handlens_dicom.dic DESTINATION ${private})
install(PROGRAMS ${CMAKE_BINARY_DIR}/lib/libhandlens_tflite.so DESTINATION ${private})

install(DIRECTORY ${CMAKE_SOURCE_DIR}/data/demo DESTINATION ${share})
install(FILES ${CMAKE_BINARY_DIR}/assets/lite0.safetensors ${CMAKE_BINARY_DIR}/assets/lite0.NOTICE.txt DESTINATION ${share}/backbones OPTIONAL)
install(DIRECTORY ${CMAKE_BINARY_DIR}/apps/web/site DESTINATION ${share}/apps/web OPTIONAL)
install(DIRECTORY ${CMAKE_BINARY_DIR}/apps/ios ${CMAKE_BINARY_DIR}/apps/flutter ${CMAKE_BINARY_DIR}/apps/pi DESTINATION ${share}/apps OPTIONAL)
# The app's tests leave samples, bundles and runs beside the templates.
install(DIRECTORY ${CMAKE_BINARY_DIR}/apps/android/ DESTINATION ${share}/apps/android OPTIONAL
  FILES_MATCHING PATTERN "template-*"
  PATTERN work EXCLUDE PATTERN aab EXCLUDE PATTERN home EXCLUDE PATTERN samples EXCLUDE PATTERN project EXCLUDE
  PATTERN jvm EXCLUDE PATTERN screens EXCLUDE PATTERN scores EXCLUDE PATTERN project-check EXCLUDE PATTERN api EXCLUDE PATTERN why EXCLUDE)
install(DIRECTORY ${CMAKE_BINARY_DIR}/apps/android/project DESTINATION ${share}/apps/android OPTIONAL)

install(FILES ${CMAKE_BINARY_DIR}/handlens.1 DESTINATION share/man/man1)
install(FILES ${CMAKE_BINARY_DIR}/handlens.bash DESTINATION share/bash-completion/completions RENAME handlens)
install(FILES ${CMAKE_BINARY_DIR}/handlens.zsh DESTINATION share/zsh/site-functions RENAME _handlens)
install(FILES ${CMAKE_BINARY_DIR}/handlens.fish DESTINATION share/fish/vendor_completions.d)
# README's links lead somewhere without the repository, too.
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE ${CMAKE_SOURCE_DIR}/README.md ${CMAKE_SOURCE_DIR}/CHANGELOG.md ${CMAKE_SOURCE_DIR}/ARCHITECTURE.md
  ${CMAKE_SOURCE_DIR}/CONTRIBUTING.md ${CMAKE_SOURCE_DIR}/SECURITY.md ${CMAKE_SOURCE_DIR}/CODE_OF_CONDUCT.md ${CMAKE_SOURCE_DIR}/CITATION.cff
  DESTINATION share/doc/handlens)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/docs DESTINATION share/doc/handlens)
install(FILES ${CMAKE_SOURCE_DIR}/data/demo/NOTICE.md DESTINATION share/doc/handlens/data/demo)

# For other programs (docs/library.md), only when asked for: cmake --install build --component devel --prefix PREFIX
set(devel COMPONENT devel EXCLUDE_FROM_ALL)
install(TARGETS handlens_library ARCHIVE DESTINATION lib ${devel})
install(FILES ${CMAKE_SOURCE_DIR}/include/handlens/handlens.h DESTINATION include/handlens ${devel})
install(FILES ${CMAKE_SOURCE_DIR}/src/base/result.h ${CMAKE_SOURCE_DIR}/src/base/progress.h DESTINATION include/handlens/base ${devel})
configure_file(${CMAKE_SOURCE_DIR}/packaging/handlens-config.cmake.in ${CMAKE_BINARY_DIR}/handlens-config.cmake @ONLY)
include(CMakePackageConfigHelpers)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/handlens-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/handlens-config.cmake ${CMAKE_BINARY_DIR}/handlens-config-version.cmake DESTINATION lib/cmake/handlens ${devel})

add_test(NAME package.library COMMAND ${CMAKE_SOURCE_DIR}/tests/package/library.sh ${CMAKE_BINARY_DIR})
set_tests_properties(package.library PROPERTIES TIMEOUT 600)
add_test(NAME package.install COMMAND ${CMAKE_SOURCE_DIR}/tests/package/install.sh ${CMAKE_BINARY_DIR})
set_tests_properties(package.install PROPERTIES TIMEOUT 600)
