/* A TFLite delegate that takes nothing over: what libedgetpu is to the library, without the device.
   With NO_DEVICE it is what libedgetpu is when no device is plugged in. The struct is that of TFLite's C API
   (tensorflow/lite/core/c/common.h). */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct delegate {
  void *data;
  int (*prepare)(void *context, struct delegate *self);
  int (*copy_from)(void);
  int (*copy_to)(void);
  void (*free_handle)(void);
  int64_t flags;
  void *opaque;
};

static int prepare(void *context, struct delegate *self) {
  (void)context;
  (void)self;
  return 0; /* kTfLiteOk */
}

struct delegate *tflite_plugin_create_delegate(char **keys, char **values, size_t count, void (*report)(const char *)) {
  (void)keys;
  (void)values;
  (void)count;
#ifdef NO_DEVICE
  report("no Edge TPU is plugged in");
  return NULL;
#else
  (void)report;
  struct delegate *self = calloc(1, sizeof *self);
  self->prepare = prepare;
  return self;
#endif
}

void tflite_plugin_destroy_delegate(struct delegate *self) { free(self); }
