import Foundation

/// What the control groups of this process allow, versions 1 and 2: its own, and those around it, whose limits hold for it as well. A
/// container's and a scheduler's limits are usually those of a group further out.
package struct ControlGroup: Sendable {
    private let root: String

    /// - Parameter root: where the system's files are; tests make up others.
    package init(root: String = "") { self.root = root }

    /// The processor time that may be had, in cores; nil without a limit.
    package var processorQuota: Double? {
        folders(of: "cpu").compactMap { folder -> Double? in
            let words = SystemFile.text(folder + "/cpu.max").split(whereSeparator: \.isWhitespace)
            let (quota, period) =
                words.count == 2
                ? (Double(words[0]), Double(words[1]))
                : (number(folder + "/cpu.cfs_quota_us").map(Double.init), number(folder + "/cpu.cfs_period_us").map(Double.init))
            // "max" and -1 are no limits.
            guard let quota, let period, quota > 0, period > 0 else { return nil }
            return quota / period
        }.min()
    }

    /// What the limits of memory leave, in bytes; nil without a limit. Pages of files do not count as used, as they give way.
    package var memoryLeft: Int? {
        folders(of: "memory").compactMap { folder -> Int? in
            let limits = ["memory.max", "memory.high", "memory.limit_in_bytes"].compactMap { number("\(folder)/\($0)") }
            // Version 1 has a number near 2^63 for none.
            guard let limit = limits.min(), (0..<1 << 60).contains(limit) else { return nil }
            let used = number(folder + "/memory.current") ?? number(folder + "/memory.usage_in_bytes") ?? 0
            return max(0, limit - max(0, used - filePages(folder)))
        }.min()
    }

    /// Bytes of a group's file pages that have not been used lately.
    private func filePages(_ folder: String) -> Int {
        let lines = SystemFile.text(folder + "/memory.stat").split(separator: "\n").map { $0.split(separator: " ") }
        // In version 1, the first is without the groups within.
        for name in ["total_inactive_file", "inactive_file"] {
            if let line = lines.first(where: { $0.count == 2 && $0[0] == name }) { return max(0, Int(line[1]) ?? 0) }
        }
        return 0
    }

    private func number(_ path: String) -> Int? { Int(SystemFile.text(path).trimmingCharacters(in: .whitespacesAndNewlines)) }

    /// Where a controller's files of this process's groups may be, from the innermost to the root. A container may see its own group there.
    private func folders(of controller: String) -> [String] {
        let mounts = root + "/sys/fs/cgroup"
        var folders: [String] = []
        for line in SystemFile.text(root + "/proc/self/cgroup").split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            var mount = mounts
            if !fields[1].isEmpty {
                guard fields[1].split(separator: ",").contains(Substring(controller)) else { continue }
                mount += "/" + controller
            }
            var parts = fields[2].split(separator: "/").filter { $0 != ".." && $0 != "." }
            while !parts.isEmpty {
                folders.append(([Substring(mount)] + parts).joined(separator: "/"))
                parts.removeLast()
            }
        }
        return folders + [mounts, "\(mounts)/\(controller)"]
    }
}

/// Files in which the system tells of itself.
enum SystemFile {
    /// The text; empty where there is none.
    static func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
}
