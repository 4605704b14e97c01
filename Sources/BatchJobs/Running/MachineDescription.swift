import Foundation

/// What this machine is.
enum MachineDescription {
    /// The processor's name.
    static let processor: String = {
        #if canImport(Darwin)
            var size = 0
            sysctlbyname("machdep.cpu.brand_string", nil, &size, nil, 0)
            var name = [CChar](repeating: 0, count: max(1, size))
            guard sysctlbyname("machdep.cpu.brand_string", &name, &size, nil, 0) == 0 else { return "unknown" }
            return String(validatingCString: name) ?? "unknown"
        #else
            let lines = text(of: "/proc/cpuinfo").split(separator: "\n")
            guard let line = lines.first(where: { $0.hasPrefix("model name") || $0.hasPrefix("Model") }) else { return "unknown" }
            return line.split(separator: ":", maxSplits: 1).last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
        #endif
    }()

    /// Tells apart systems, and spaces of process numbers within them: containers of one machine do not see each other's processes.
    static let system: String? = {
        let boot = text(of: "/proc/sys/kernel/random/boot_id").trimmingCharacters(in: .whitespacesAndNewlines)
        guard !boot.isEmpty, let space = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid") else { return nil }
        return "\(boot) \(space)"
    }()

    static func text(of path: String) -> String {
        var data = Data()
        // Sizes of such files are not known beforehand.
        try? FilePieces.forEach(of: path, limit: 1 << 20) { data.append(contentsOf: $0) }
        return String(decoding: data, as: UTF8.self)
    }
}
