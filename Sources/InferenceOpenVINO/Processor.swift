import COpenVINO
import Foundation
import Support

/// What the inference engine needs to know of this machine's processor.
enum Processor {
    /// Whether bfloat16 arithmetic has instructions of its own, and oneDNN, OpenVINO's library for them, has not been told to leave them
    /// alone.
    static var hasBFloat16: Bool {
        let withoutBFloat16 = ["SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX512_CORE", "AVX512_CORE_VNNI"]
        let limit = ProcessInfo.processInfo.environment["ONEDNN_MAX_CPU_ISA"]?.uppercased()
        return copenvino_has_bfloat16() && !(limit.map(withoutBFloat16.contains) ?? false)
    }

    /// The instruction set extensions, in a form that differs between processors on which compiled networks may differ.
    /// Virtual machines hide extensions, so the processor's name alone does not tell.
    static var instructionSets: String {
        var words = [UInt32](repeating: 0, count: 5)
        copenvino_instruction_sets(&words)
        return words.map { String($0, radix: 16) }.joined(separator: ".")
    }

    /// The physical cores that this process may use, at least 1. Hyper-threads share the units that networks keep busy.
    static var availableCores: Int {
        let cores = physicalCores ?? ProcessInfo.processInfo.activeProcessorCount
        // What is left of a core beyond whole ones is worth a thread.
        let quota = ControlGroup().processorQuota.map { Int(min($0, Double(cores)).rounded(.up)) }
        return max(1, min(cores, quota ?? cores))
    }

    #if os(Linux)
        private static var physicalCores: Int? {
            var cores = Set<String>()
            for processor in allowedProcessors {
                let path = "/sys/devices/system/cpu/cpu\(processor)/topology/thread_siblings_list"
                guard let siblings = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
                cores.insert(siblings)
            }
            return cores.isEmpty ? nil : cores.count
        }

        /// The logical processors in this process's affinity mask.
        private static var allowedProcessors: [Int] {
            let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
            let label = "Cpus_allowed_list:"
            guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(label) }) else { return [] }
            return processors(list: line.dropFirst(label.count))
        }
    #else
        private static var physicalCores: Int? {
            // Apple's efficiency cores would make the performance cores wait at the end of every layer.
            for name in ["hw.perflevel0.physicalcpu", "hw.physicalcpu"] {
                var count: Int32 = 0
                var size = MemoryLayout<Int32>.size
                if sysctlbyname(name, &count, &size, nil, 0) == 0, count > 0 { return Int(count) }
            }
            return nil
        }
    #endif

    /// The numbers in a list as Linux writes it, for example `0-3,8`.
    static func processors(list: some StringProtocol) -> [Int] {
        list.split(separator: ",").flatMap { part -> [Int] in
            let ends = part.split(separator: "-").compactMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
            guard let first = ends.first, let last = ends.last, first <= last else { return [] }
            return Array(first...last)
        }
    }
}
