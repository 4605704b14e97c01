import SamptCommands

await Sampt.main()
