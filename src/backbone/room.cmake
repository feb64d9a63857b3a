handlens_room(backbone DEPS base nn tflite)
# What `./dev` runs once on the weights that it fetched.
add_executable(make_backbone ${CMAKE_SOURCE_DIR}/tools/make_backbone.cc)
target_link_libraries(make_backbone PRIVATE backbone)
set_target_properties(make_backbone PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
# `ninja model_scores`: for tools/oracles/lite_torch.py.
add_executable(model_scores EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/tools/model_scores.cc)
target_link_libraries(model_scores PRIVATE nn)
set_target_properties(model_scores PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
