// OpenVINO's C API as Swift can import it. Variadic functions get one plain form each.
#ifndef COPENVINO_SHIM_H
#define COPENVINO_SHIM_H

#include <openvino/c/openvino.h>
#include <stdbool.h>
#include <stdint.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

/// Sets one property of a device, for what is compiled or imported later.
static inline ov_status_e copenvino_core_set_property(const ov_core_t *core, const char *device, const char *key, const char *value) {
    return ov_core_set_property(core, device, key, value);
}

/// Compiles a model with the properties that the device has been given.
static inline ov_status_e copenvino_core_compile_model(
    const ov_core_t *core, const ov_model_t *model, const char *device, ov_compiled_model_t **compiled) {
    return ov_core_compile_model(core, model, device, 0, compiled);
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
