// The part of OpenVINO's C API (2026) that is used here, and processor features.
//
// OpenVINO is opened when the program runs, so that building needs neither its headers nor its place, and whoever depends on this package need
// not tell compiler, linker and loader where it is. The declarations below are the library's own interface: a test compares them with its headers.
#ifndef COPENVINO_SHIM_H
#define COPENVINO_SHIM_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

typedef int32_t copenvino_status;
static const copenvino_status COPENVINO_OK = 0;
static const copenvino_status COPENVINO_INVALID_C_PARAM = -14;
static const copenvino_status COPENVINO_NOT_IMPLEMENT_C_METHOD = -16;

typedef uint32_t copenvino_element_type;
static const copenvino_element_type COPENVINO_F32 = 4;

typedef struct copenvino_core copenvino_core_t;
typedef struct copenvino_model copenvino_model_t;
typedef struct copenvino_compiled copenvino_compiled_t;
typedef struct copenvino_request copenvino_request_t;
typedef struct copenvino_tensor copenvino_tensor_t;
typedef struct copenvino_port copenvino_port_t;

typedef struct {
    const char *buildNumber;
    const char *description;
} copenvino_version;

typedef struct {
    int64_t rank;
    int64_t *dims;
} copenvino_shape;

typedef struct {
    int64_t min, max;
} copenvino_dimension;

typedef struct {
    copenvino_dimension rank;
    copenvino_dimension *dims;
} copenvino_partial_shape;

static const uint32_t COPENVINO_EXECUTED = 2;
typedef struct {
    uint32_t status;
    int64_t real_time, cpu_time;
    const char *node_name, *exec_type, *node_type;
} copenvino_profiling_info;

typedef struct {
    copenvino_profiling_info *profiling_infos;
    size_t size;
} copenvino_profiling_info_list;

// The library's functions: what they return, their names without ov_, and what they take.
#define COPENVINO_FUNCTIONS(F)                                                                                                                  \
    F(copenvino_status, get_openvino_version, (copenvino_version *))                                                                            \
    F(void, version_free, (copenvino_version *))                                                                                                \
    F(const char *, get_error_info, (copenvino_status))                                                                                         \
    F(const char *, get_last_err_msg, (void))                                                                                                   \
    F(void, free, (const char *))                                                                                                               \
    F(copenvino_status, core_create, (copenvino_core_t **))                                                                                     \
    F(void, core_free, (copenvino_core_t *))                                                                                                    \
    F(copenvino_status, core_get_property, (const copenvino_core_t *, const char *, const char *, char **))                                     \
    F(copenvino_status, core_import_model, (const copenvino_core_t *, const char *, size_t, const char *, copenvino_compiled_t **))             \
    F(copenvino_status, core_read_model_from_memory_buffer,                                                                                     \
      (const copenvino_core_t *, const char *, size_t, const copenvino_tensor_t *, copenvino_model_t **))                                       \
    F(void, model_free, (copenvino_model_t *))                                                                                                  \
    F(copenvino_status, model_inputs_size, (const copenvino_model_t *, size_t *))                                                               \
    F(copenvino_status, model_outputs_size, (const copenvino_model_t *, size_t *))                                                              \
    F(copenvino_status, model_const_input_by_index, (const copenvino_model_t *, size_t, copenvino_port_t **))                                   \
    F(copenvino_status, model_const_output_by_index, (const copenvino_model_t *, size_t, copenvino_port_t **))                                  \
    F(void, output_const_port_free, (copenvino_port_t *))                                                                                       \
    F(copenvino_status, port_get_any_name, (const copenvino_port_t *, char **))                                                                 \
    F(copenvino_status, port_get_element_type, (const copenvino_port_t *, copenvino_element_type *))                                            \
    F(copenvino_status, port_get_partial_shape, (const copenvino_port_t *, copenvino_partial_shape *))                                          \
    F(void, partial_shape_free, (copenvino_partial_shape *))                                                                                    \
    F(void, compiled_model_free, (copenvino_compiled_t *))                                                                                      \
    F(copenvino_status, compiled_model_inputs_size, (const copenvino_compiled_t *, size_t *))                                                   \
    F(copenvino_status, compiled_model_outputs_size, (const copenvino_compiled_t *, size_t *))                                                  \
    F(copenvino_status, compiled_model_input_by_index, (const copenvino_compiled_t *, size_t, copenvino_port_t **))                             \
    F(copenvino_status, compiled_model_output_by_index, (const copenvino_compiled_t *, size_t, copenvino_port_t **))                            \
    F(copenvino_status, compiled_model_export_model, (const copenvino_compiled_t *, const char *))                                              \
    F(copenvino_status, compiled_model_create_infer_request, (const copenvino_compiled_t *, copenvino_request_t **))                            \
    F(void, infer_request_free, (copenvino_request_t *))                                                                                        \
    F(copenvino_status, infer_request_infer, (copenvino_request_t *))                                                                           \
    F(copenvino_status, infer_request_set_input_tensor_by_index, (copenvino_request_t *, size_t, const copenvino_tensor_t *))                   \
    F(copenvino_status, infer_request_set_output_tensor_by_index, (copenvino_request_t *, size_t, const copenvino_tensor_t *))                  \
    F(copenvino_status, infer_request_get_output_tensor_by_index, (const copenvino_request_t *, size_t, copenvino_tensor_t **))                 \
    F(copenvino_status, infer_request_get_profiling_info, (const copenvino_request_t *, copenvino_profiling_info_list *))                       \
    F(void, profiling_info_list_free, (copenvino_profiling_info_list *))                                                                        \
    F(copenvino_status, tensor_create_from_host_ptr, (copenvino_element_type, copenvino_shape, void *, copenvino_tensor_t **))                  \
    F(copenvino_status, tensor_get_shape, (const copenvino_tensor_t *, copenvino_shape *))                                                      \
    F(copenvino_status, tensor_data, (const copenvino_tensor_t *, void **))                                                                     \
    F(void, tensor_free, (copenvino_tensor_t *))                                                                                                \
    F(copenvino_status, shape_free, (copenvino_shape *))

// Functions with any number of arguments, which Swift cannot call.
typedef copenvino_status (*copenvino_set_property_function)(const copenvino_core_t *, const char *, ...);
typedef copenvino_status (*copenvino_compile_function)(
    const copenvino_core_t *, const copenvino_model_t *, const char *, size_t, copenvino_compiled_t **, ...);

/// The functions of the library that was opened.
typedef struct {
#define COPENVINO_FIELD(RESULT, NAME, PARAMETERS) RESULT (*NAME) PARAMETERS;
    COPENVINO_FUNCTIONS(COPENVINO_FIELD)
#undef COPENVINO_FIELD
    void *core_set_property;
    void *core_compile_model;
} copenvino_library;

/// Opens the library, which stays open.
/// Returns NULL, or why it cannot be opened: the loader's words, which stand until it is called again, or the name of a function that is missing.
static inline const char *copenvino_open(const char *path, copenvino_library *library) {
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) return dlerror();
#define COPENVINO_LOAD(RESULT, NAME, PARAMETERS) \
    if (!(library->NAME = (RESULT (*) PARAMETERS)dlsym(handle, "ov_" #NAME))) return "ov_" #NAME;
    COPENVINO_FUNCTIONS(COPENVINO_LOAD)
#undef COPENVINO_LOAD
    if (!(library->core_set_property = dlsym(handle, "ov_core_set_property"))) return "ov_core_set_property";
    if (!(library->core_compile_model = dlsym(handle, "ov_core_compile_model"))) return "ov_core_compile_model";
    return NULL;
}

/// Sets one property of a device, for what is compiled or imported later.
static inline copenvino_status copenvino_core_set_property(
    const copenvino_library *library, const copenvino_core_t *core, const char *device, const char *key, const char *value) {
    return ((copenvino_set_property_function)library->core_set_property)(core, device, key, value);
}

/// Compiles a model with the properties that the device has been given.
static inline copenvino_status copenvino_core_compile_model(
    const copenvino_library *library, const copenvino_core_t *core, const copenvino_model_t *model, const char *device,
    copenvino_compiled_t **compiled) {
    return ((copenvino_compile_function)library->core_compile_model)(core, model, device, 0, compiled);
}

/// The processor's instruction set extensions as CPUID tells them (leaf 1 ECX; leaf 7.0 EBX, ECX, EDX; leaf 7.1 EAX).
/// Zeros where there is no CPUID.
static inline void copenvino_instruction_sets(uint32_t words[5]) {
    for (int i = 0; i < 5; i++) words[i] = 0;
#if defined(__x86_64__)
    uint32_t a, b, c, d;
    if (__get_cpuid(1, &a, &b, &c, &d)) words[0] = c;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
        words[1] = b;
        words[2] = c;
        words[3] = d;
        if (a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d)) words[4] = a;
    }
#endif
}

/// Whether the processor multiplies bfloat16 in hardware: AVX512-BF16 or AMX-BF16.
/// OpenVINO reports BF16 also where it only imitates it with AVX-512, which is slower than float32.
static inline bool copenvino_has_bfloat16(void) {
    uint32_t words[5];
    copenvino_instruction_sets(words);
    const bool amx_bf16 = (words[3] >> 22) & 1;
    const bool avx512_bf16 = (words[4] >> 5) & 1;
    return amx_bf16 || avx512_bf16;
}

#endif
