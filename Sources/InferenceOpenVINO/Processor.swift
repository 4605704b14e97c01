import COpenVINO
import Foundation

/// What the inference engine needs to know of this machine's processor.
enum Processor {
    /// Whether bfloat16 arithmetic has instructions of its own.
    static var hasBFloat16: Bool { copenvino_has_bfloat16() }

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

        /// The processor time that a container's control group allows, in whole cores; nil without a limit.
        private static var quota: Int? {
            func words(_ path: String) -> [String] {
                (try? String(contentsOfFile: path, encoding: .utf8))?.split(whereSeparator: \.isWhitespace).map(String.init) ?? []
            }
            let version1 = "/sys/fs/cgroup/cpu/cpu.cfs_"
            return cores(quota: words("/sys/fs/cgroup/cpu.max"))
                ?? cores(quota: words(version1 + "quota_us") + words(version1 + "period_us"))
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

        private static var quota: Int? { nil }
    #endif

    /// The numbers in a list as Linux writes it, for example `0-3,8`.
    static func processors(list: some StringProtocol) -> [Int] {
        list.split(separator: ",").flatMap { part -> [Int] in
            let ends = part.split(separator: "-").compactMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
            guard let first = ends.first, let last = ends.last, first <= last else { return [] }
            return Array(first...last)
        }
    }

    /// Whole cores from a control group's quota and period in microseconds; nil when there is no limit ("max" or -1).
    static func cores(quota words: [String]) -> Int? {
        guard words.count == 2, let quota = Double(words[0]), let period = Double(words[1]), quota > 0, period > 0 else { return nil }
        return max(1, Int((quota / period).rounded(.up)))
    }
}
