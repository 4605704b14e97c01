import SamptCommands

/// The entry point; everything else is in the library, where tests reach it.
@main
struct Program {
    static func main() async {
        await Sampt.main()
    }
}
