// Measures LightGBM's scoring through its C API, so that no interpreter is
// charged to it: predict.py compiles and runs this. One line a repetition:
// seconds of processor time a row, of the fast single-row call and of the batch.
//
//   predict MODEL ROWS.f64 COLUMNS REPETITIONS
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef void *handle;
int LGBM_BoosterCreateFromModelfile(const char *, int *, handle *);
int LGBM_BoosterPredictForMatSingleRowFastInit(handle, int, int, int, int, int, const char *, handle *);
int LGBM_BoosterPredictForMatSingleRowFast(handle, const void *, long long *, double *);
int LGBM_BoosterPredictForMat(handle, const void *, int, int, int, int, int, int, int, const char *, long long *, double *);
const char *LGBM_GetLastError(void);

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

static void check(int failed) {
  if (failed) {
    fprintf(stderr, "predict: %s\n", LGBM_GetLastError());
    exit(1);
  }
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  int cols = atoi(argv[3]), reps = atoi(argv[4]), iterations;
  FILE *f = fopen(argv[2], "rb");
  if (!f) return 2;
  fseek(f, 0, SEEK_END);
  long bytes = ftell(f);
  rewind(f);
  double *x = malloc(bytes);
  if (fread(x, 1, bytes, f) != (size_t)bytes) return 2;
  int rows = bytes / 8 / cols;
  double *out = malloc(8L * rows);
  long long n;
  handle booster, fast;
  check(LGBM_BoosterCreateFromModelfile(argv[1], &iterations, &booster));
  check(LGBM_BoosterPredictForMatSingleRowFastInit(booster, 0, 0, -1, 1, cols, "num_threads=1", &fast));
  for (int r = 0; r < reps; r++) {
    double a = now();
    for (int i = 0; i < rows; i++) check(LGBM_BoosterPredictForMatSingleRowFast(fast, x + (long)i * cols, &n, out + i));
    double b = now();
    check(LGBM_BoosterPredictForMat(booster, x, 1, rows, cols, 1, 0, 0, -1, "num_threads=1", &n, out));
    double c = now();
    printf("%.9g %.9g %.17g\n", (b - a) / rows, (c - b) / rows, out[0]);
    fflush(stdout);
  }
}
