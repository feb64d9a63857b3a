// jni.h includes <stdio.h> and uses nothing of it.
#pragma once
