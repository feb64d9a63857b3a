#include "../../src/model.c"
