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
        // Without the destructors of libraries: threads that are ahead of a stopped run may still compute in them.
        Task { _exit(await Sampt.runProcess(handingOn: SecondProgram.start)) }
        dispatchMain()
    }
}
