// What jni.h needs of <stdarg.h> and <stdio.h>, so that no C library's headers are needed.
#pragma once
typedef __builtin_va_list va_list;
