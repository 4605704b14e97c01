import Support
import Testing

@testable import SamptCommands

@Suite("How many videos an evaluation works on at once")
struct UsualJobsTests {
    @Test(
        "As many as four cores each and the memory that may be used allow, and one at the least",
        arguments: [
            (16, 64, 4), (16, 5, 2), (16, 1, 1), (3, 64, 1), (1, 0, 1),
        ])
    func usualJobs(cores: Int, gigabytes: Int, jobs: Int) {
        #expect(EvaluationRunner.usualJobs(need: 2 << 30, on: MachineResources(cores: cores, memory: gigabytes << 30)) == jobs)
    }
}
