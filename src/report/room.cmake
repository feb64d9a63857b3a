handlens_room(report FOLDERS sections DEPS base image pixels tflite dataset split train review search reduce convert describe inference package verify)

# The page's files and the plotting library are taken into the program as they are (assets.cc).
set(HANDLENS_ECHARTS_JS "${CMAKE_BINARY_DIR}/assets/echarts.min.js" CACHE FILEPATH
    "dist/echarts.min.js of Apache ECharts 5.6.0; ./dev puts it there")
if(NOT EXISTS ${HANDLENS_ECHARTS_JS})
  message(STATUS "report: ${HANDLENS_ECHARTS_JS} is not there yet; ./dev fetches it, the report cannot be built without it")
endif()
set(page ${CMAKE_SOURCE_DIR}/src/report/page)
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/report/assets.cc PROPERTIES
  COMPILE_DEFINITIONS "HANDLENS_PAGE=\"${page}\";HANDLENS_ECHARTS_JS=\"${HANDLENS_ECHARTS_JS}\""
  OBJECT_DEPENDS "${page}/index.html;${page}/style.css;${page}/report.js;${HANDLENS_ECHARTS_JS}")
