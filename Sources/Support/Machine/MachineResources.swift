import Foundation

/// What this process may use of its machine: what is there, what its control groups allow (containers, schedulers), and what a scheduler
/// said.
package struct MachineResources: Sendable, Equatable {
    package var cores: Int
    /// In bytes.
    package var memory: Int

    package init(cores: Int, memory: Int) { (self.cores, self.memory) = (cores, memory) }

    /// - Parameters:
    ///   - environment: a scheduler's word counts where it is less.
    ///   - root: where the system's files are; tests make up others.
    ///   - processors: that this process may run on.
    package static func here(
        environment: [String: String] = ProcessInfo.processInfo.environment, root: String = "",
        processors: Int = ProcessInfo.processInfo.activeProcessorCount
    ) -> MachineResources {
        var cores = Double(processors)
        if let quota = ControlGroup(root: root).processorQuota { cores = min(cores, quota) }
        if let given = (environment["SLURM_CPUS_PER_TASK"] ?? environment["SLURM_CPUS_ON_NODE"]).flatMap(Double.init), given > 0 {
            cores = min(cores, given)
        }
        var memory = availableMemory(root: root)
        let megabyte = 1 << 20
        if let given = environment["SLURM_MEM_PER_NODE"].flatMap({ Int($0) }), given > 0, given < Int.max / megabyte {
            memory = min(memory, given * megabyte)
        } else if let given = environment["SLURM_MEM_PER_CPU"].flatMap({ Int($0) }), given > 0, given < 1 << 30 {
            memory = min(memory, given * megabyte * max(1, Int(cores)))
        }
        return MachineResources(cores: max(1, Int(cores)), memory: memory)
    }

    /// What can be had without pushing others out, in bytes.
    package static func availableMemory(root: String = "") -> Int {
        let physical = Int(clamping: ProcessInfo.processInfo.physicalMemory)
        #if canImport(Darwin)
            return physical / 4 * 3
        #else
            let lines = SystemFile.text(root + "/proc/meminfo").split(separator: "\n")
            let words = lines.first { $0.hasPrefix("MemAvailable:") }?.split(separator: " ")
            let available = words?.dropFirst().first.flatMap { Int($0) }.map { min(max(0, $0), 1 << 50) << 10 } ?? physical
            return min(available, ControlGroup(root: root).memoryLeft ?? available)
        #endif
    }
}
