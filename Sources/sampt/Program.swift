import Dispatch
import SamptCommands

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The entry point; everything else is in the library, where tests reach it.
@main
struct Program {
    static func main() {
        ProcessHeap.useOne()
        // Before there are threads: without the memory for them, everything waits.
        Sampt.prepareProcess()
        Task { exit(await Sampt.runProcess(handingOn: SecondProgram.start)) }
        dispatchMain()
    }
}
