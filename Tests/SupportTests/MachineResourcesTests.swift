import Foundation
import TestSupport
import Testing

@testable import Support

@Suite("What a process may use of its machine")
struct MachineResourcesTests {
    /// A made-up system: 8 GiB available, and whatever files a test adds.
    private final class System {
        let folder: URL
        var root: String { folder.path }

        init(_ files: [String: String]) throws {
            folder = try Fixtures.temporaryFolder()
            let all = files.merging(["proc/meminfo": "MemTotal:  16777216 kB\nMemAvailable:   8388608 kB\n"]) { own, _ in own }
            for (name, text) in all {
                let file = folder.appendingPathComponent(name)
                try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data((text + "\n").utf8).write(to: file)
            }
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        func resources(_ environment: [String: String] = [:]) -> MachineResources {
            MachineResources.here(environment: environment, root: root, processors: 16)
        }
    }

    private static let gigabyte = 1 << 30

    @Test("Without limits, everything") func everything() throws {
        #expect(try System([:]).resources() == MachineResources(cores: 16, memory: 8 * Self.gigabyte))
        let unlimited = try System([
            "proc/self/cgroup": "0::/user.slice", "sys/fs/cgroup/user.slice/memory.max": "max",
            "sys/fs/cgroup/user.slice/cpu.max": "max 100000",
        ])
        #expect(unlimited.resources() == MachineResources(cores: 16, memory: 8 * Self.gigabyte))
        let before = try System([
            "proc/self/cgroup": "4:memory:/x\n1:cpu,cpuacct:/x", "sys/fs/cgroup/memory/x/memory.limit_in_bytes": "9223372036854771712",
            "sys/fs/cgroup/cpu/x/cpu.cfs_quota_us": "-1", "sys/fs/cgroup/cpu/x/cpu.cfs_period_us": "100000",
        ])
        #expect(before.resources() == MachineResources(cores: 16, memory: 8 * Self.gigabyte))
    }

    @Test("A container's limits, less what is used but for pages of files") func container() throws {
        let system = try System([
            "proc/self/cgroup": "0::/", "sys/fs/cgroup/memory.max": "\(4 * Self.gigabyte)",
            "sys/fs/cgroup/memory.current": "\(3 * Self.gigabyte)",
            "sys/fs/cgroup/memory.stat": "anon 7\ninactive_file \(2 * Self.gigabyte)\nfile 9", "sys/fs/cgroup/cpu.max": "250000 100000",
        ])
        #expect(system.resources() == MachineResources(cores: 2, memory: 3 * Self.gigabyte))
        #expect(ControlGroup(root: system.root).processorQuota == 2.5)
    }

    @Test("The tightest of the groups around it, as where a scheduler limits a job and not its step") func nested() throws {
        let job = "sys/fs/cgroup/system.slice/slurmstepd.scope/job_7"
        let system = try System([
            "proc/self/cgroup": "0::/system.slice/slurmstepd.scope/job_7/step_0/user/task_0", "\(job)/memory.max": "\(2 * Self.gigabyte)",
            "\(job)/memory.current": "0", "\(job)/step_0/memory.max": "max", "\(job)/step_0/user/task_0/memory.max": "max",
            "sys/fs/cgroup/system.slice/memory.high": "\(6 * Self.gigabyte)", "\(job)/cpu.max": "300000 100000",
            "\(job)/step_0/cpu.max": "max 100000",
        ])
        #expect(system.resources() == MachineResources(cores: 3, memory: 2 * Self.gigabyte))
    }

    @Test("Version 1, also where a container sees its own group at the root") func version1() throws {
        let files = [
            "memory.limit_in_bytes": "\(3 * Self.gigabyte)", "memory.usage_in_bytes": "\(2 * Self.gigabyte)",
            "memory.stat": "inactive_file 5\ntotal_inactive_file \(Self.gigabyte)",
        ]
        for place in ["sys/fs/cgroup/memory/docker/4f", "sys/fs/cgroup/memory"] {
            var all = Dictionary(uniqueKeysWithValues: files.map { ("\(place)/\($0)", $1) })
            all["proc/self/cgroup"] = "5:memory:/docker/4f\n3:cpu,cpuacct:/docker/4f\n0::/docker/4f"
            all["sys/fs/cgroup/cpu/cpu.cfs_quota_us"] = "50000"
            all["sys/fs/cgroup/cpu/cpu.cfs_period_us"] = "100000"
            #expect(try System(all).resources() == MachineResources(cores: 1, memory: 2 * Self.gigabyte), "\(place)")
        }
    }

    @Test("A group that has all of its limit leaves nothing") func exhausted() throws {
        let system = try System([
            "proc/self/cgroup": "0::/a", "sys/fs/cgroup/a/memory.max": "1000", "sys/fs/cgroup/a/memory.current": "2000",
        ])
        #expect(system.resources().memory == 0)
    }

    @Test("A scheduler's word counts where it is less") func scheduler() throws {
        let system = try System([:])
        #expect(
            system.resources(["SLURM_CPUS_PER_TASK": "4", "SLURM_MEM_PER_CPU": "512"])
                == MachineResources(cores: 4, memory: 2 * Self.gigabyte))
        #expect(
            system.resources(["SLURM_CPUS_ON_NODE": "64", "SLURM_MEM_PER_NODE": "1024"])
                == MachineResources(cores: 16, memory: Self.gigabyte))
        for nonsense in ["-1", "nan", "0", "99999999999999999999", "x", ""] {
            let found = system.resources([
                "SLURM_CPUS_PER_TASK": nonsense, "SLURM_MEM_PER_NODE": nonsense, "SLURM_MEM_PER_CPU": nonsense,
            ])
            #expect(found == MachineResources(cores: 16, memory: 8 * Self.gigabyte), "\(nonsense)")
        }
    }

    @Test("Nonsense in the system's files is no limit") func nonsense() throws {
        let system = try System([
            "proc/self/cgroup": "nonsense\n0::/../../a/./b\n:::", "sys/fs/cgroup/a/b/memory.max": "-5",
            "sys/fs/cgroup/a/b/cpu.max": "0 0", "sys/fs/cgroup/a/cpu.max": "nan 100000", "sys/fs/cgroup/a/memory.max": "12e3",
        ])
        #expect(system.resources() == MachineResources(cores: 16, memory: 8 * Self.gigabyte))
    }
}
