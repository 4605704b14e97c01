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

/// What a batch may use of this machine: what is there, what the container allows, and what a scheduler gave.
public struct MachineResources: Sendable, Equatable {
    public var cores: Int
    /// In bytes.
    public var memory: Int

    public init(cores: Int, memory: Int) { (self.cores, self.memory) = (cores, memory) }

    /// - Parameter environment: a scheduler's word counts where it is less.
    public static func here(environment: [String: String] = ProcessInfo.processInfo.environment) -> MachineResources {
        var cores = Double(ProcessInfo.processInfo.activeProcessorCount)
        if let quota = ControlGroup.processorQuota { cores = min(cores, quota) }
        if let given = (environment["SLURM_CPUS_PER_TASK"] ?? environment["SLURM_CPUS_ON_NODE"]).flatMap(Double.init) {
            cores = min(cores, given)
        }
        var memory = availableMemory
        let megabyte = 1 << 20
        if let given = environment["SLURM_MEM_PER_NODE"].flatMap({ Int($0) }), given > 0, given < Int.max / megabyte {
            memory = min(memory, given * megabyte)
        } else if let given = environment["SLURM_MEM_PER_CPU"].flatMap({ Int($0) }), given > 0, given < 1 << 30 {
            memory = min(memory, given * megabyte * max(1, Int(cores)))
        }
        return MachineResources(cores: max(1, Int(cores)), memory: memory)
    }

    /// What can be had without pushing others out, in bytes.
    public static var availableMemory: Int {
        #if canImport(Darwin)
            return Int(clamping: ProcessInfo.processInfo.physicalMemory) / 4 * 3
        #else
            var available = Int(clamping: ProcessInfo.processInfo.physicalMemory)
            for line in MachineDescription.text(of: "/proc/meminfo").split(separator: "\n") where line.hasPrefix("MemAvailable:") {
                if let kilobytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) { available = kilobytes << 10 }
            }
            if let left = ControlGroup.memoryLeft { available = min(available, left) }
            return available
        #endif
    }
}

/// The limits of this process's control group, versions 1 and 2.
enum ControlGroup {
    static var processorQuota: Double? {
        for folder in folders("cpu") {
            let words = MachineDescription.text(of: folder + "/cpu.max").split(whereSeparator: \.isWhitespace)
            if words.count == 2, let quota = Double(words[0]), let period = Double(words[1]), period > 0 { return quota / period }
            let (quota, period) = (number(folder + "/cpu.cfs_quota_us"), number(folder + "/cpu.cfs_period_us"))
            if let quota, let period, quota > 0, period > 0 { return Double(quota) / Double(period) }
        }
        return nil
    }

    /// What the memory's limit leaves; pages of files do not count, as they give way.
    static var memoryLeft: Int? {
        for folder in folders("memory") {
            let limit = number(folder + "/memory.max") ?? number(folder + "/memory.limit_in_bytes")
            guard let limit, limit < 1 << 60 else { continue }
            let used = number(folder + "/memory.current") ?? number(folder + "/memory.usage_in_bytes") ?? 0
            var cached = 0
            for line in MachineDescription.text(of: folder + "/memory.stat").split(separator: "\n") {
                let words = line.split(separator: " ")
                if words.count == 2, words[0] == "inactive_file" || words[0] == "total_inactive_file" { cached = Int(words[1]) ?? cached }
            }
            return max(0, limit - max(0, used - cached))
        }
        return nil
    }

    private static func number(_ path: String) -> Int? {
        Int(MachineDescription.text(of: path).trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// Where a controller's files of this process may be: its own group, then the root as containers see it.
    private static func folders(_ controller: String) -> [String] {
        var folders: [String] = []
        for line in MachineDescription.text(of: "/proc/self/cgroup").split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 3 else { continue }
            let group = parts[2] == "/" ? "" : parts[2]
            if parts[1].isEmpty { folders.append("/sys/fs/cgroup" + group) }
            if parts[1].split(separator: ",").contains(Substring(controller)) {
                folders.append("/sys/fs/cgroup/\(controller)\(group)")
            }
        }
        return folders + ["/sys/fs/cgroup", "/sys/fs/cgroup/\(controller)"]
    }
}
