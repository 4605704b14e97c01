// OpenVINO's C API as Swift can import it. Variadic functions get one plain form each.
#ifndef COPENVINO_SHIM_H
#define COPENVINO_SHIM_H

#include <openvino/c/openvino.h>

#endif
