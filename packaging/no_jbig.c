/* What Debian's libtiff asks of libjbig, for pictures that fax machines compressed by JBIG. The package
 * carries no libjbig: it is the one library among its own under the GPL. Every call fails, so libtiff says
 * that it cannot read such a picture. */
#include <stddef.h>

enum { kFailed = 0x50 }; /* JBG_EINVAL, jbig.h of JBIG-KIT 2.1 */

void jbg_dec_init(void* state) { (void)state; }
int jbg_dec_in(void* state, unsigned char* data, size_t length, size_t* used) {
  (void)state, (void)data, (void)length;
  if (used) *used = 0;
  return kFailed;
}
long jbg_dec_getsize(const void* state) { return (void)state, 0; }
unsigned char* jbg_dec_getimage(const void* state, int plane) { return (void)state, (void)plane, NULL; }
void jbg_dec_free(void* state) { (void)state; }
const char* jbg_strerror(int code) { return (void)code, "JBIG is not part of this package"; }
int jbg_newlen(unsigned char* bie, size_t length) { return (void)bie, (void)length, kFailed; }
void jbg_enc_init(void* s, unsigned long x, unsigned long y, int planes, unsigned char** p,
                  void (*out)(unsigned char*, size_t, void*), void* file) {
  (void)s, (void)x, (void)y, (void)planes, (void)p, (void)out, (void)file;
}
void jbg_enc_out(void* state) { (void)state; }
void jbg_enc_free(void* state) { (void)state; }
