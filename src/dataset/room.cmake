pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
handlens_room(dataset DEPS base image pixels LIBS PkgConfig::UTF8PROC)
