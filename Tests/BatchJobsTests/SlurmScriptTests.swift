import Foundation
import Testing

@testable import BatchJobs

@Suite("Slurm is asked for what was measured")
struct SlurmScriptTests {
    @Test("The script asks for what was measured") func theScriptAsksForWhatWasMeasured() throws {
        let folder = try BatchTestFolder()
        let opened = try BatchFolder(folder.out, for: .init(batch: "trial", isArchived: false))
        var row = WorkerMeasurement.Row(
            shape: WorkerShape(workers: 4, threads: 2), framesPerSecond: 20, peakMemory: 1000 << 20, videos: 4, secondsPerVideo: 90,
            greatestSeconds: 200)
        var request = SlurmRequest(measured: row, videos: 1000, cores: 8, hours: 1)
        // 160 videos an hour.
        #expect(request.tasks == 7 && request.workers == 4 && request.memory == 5512)
        #expect((90...150).contains(request.minutes))
        (request.throttle, request.partition, request.extra) = (3, "long", ["--gres=disk:1"])
        let script = SlurmScript(request: request, program: "/opt/sampt/bin/sampt", manifest: "/data/it's.jsonl", folder: opened)
        try script.write()
        let text = try String(contentsOfFile: script.path, encoding: .utf8)
        for line in ["--array=0-6%3", "--mem=5512M", "--requeue", "--partition=long", "--gres=disk:1", "--cpus-per-task=8"] {
            #expect(text.contains("#SBATCH \(line)\n"))
        }
        #expect(text.contains(#"batch run '/data/it'\''s.jsonl' --out"#) && text.contains(#"--shard "$SLURM_ARRAY_TASK_ID/7""#))
        // 625 tasks of an hour; where an array has 100 at most, they have more time. Numbers stay below the limit.
        #expect(SlurmRequest(measured: row, videos: 100_000, cores: 8).tasks == 625)
        let few = SlurmRequest(measured: row, videos: 100_000, cores: 8, limit: 100)
        #expect(few.tasks == 100 && few.minutes > 6 * 90)
        #expect(SlurmScript(request: few, program: "sampt", manifest: "m", folder: opened).text.contains("--array=0-99\n"))
        #expect(SlurmRequest(measured: row, videos: 10_000_000, cores: 8).tasks == SlurmRequest.usualArraySize)
        row.secondsPerVideo = 0
        #expect(SlurmRequest(measured: row, videos: .max / 2, cores: 1).tasks >= 1)
    }

    @Test("An array's greatest size is read") func arraySizesAreRead() {
        let text = "Configuration data as of 2026-01-02T03:04:05\nMailProg                = /bin/mail\nMaxArraySize            = 1001\n"
        #expect(SlurmCommands.arraySize(inConfiguration: text) == 1001)
        for other in ["", "MaxArraySize", "MaxArraySize = many", "MaxArraySize = -1", "MaxArraySizes = 3"] {
            #expect(SlurmCommands.arraySize(inConfiguration: other) == nil)
        }
    }

    @Test("Queues are read") func queuesAreRead() {
        let text = "3|RUNNING|None\n4|PENDING|Resources\n5|COMPLETED|None\nN/A|RUNNING|None\nnonsense\n6|CANCELLED|None\n"
        #expect(
            SlurmCommands.parse(text) == [
                .init(index: 3, state: "RUNNING", reason: "None"), .init(index: 4, state: "PENDING", reason: "Resources"),
            ])
        #expect(SlurmCommands.ranges([7, 1, 2, 3, 9, 8, 2]) == "1-3,7-9")
        #expect(SlurmCommands.ranges([4]) == "4")
    }
}
