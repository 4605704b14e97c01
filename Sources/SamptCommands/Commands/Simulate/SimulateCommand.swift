import ArgumentParser
import SegmentationJobs

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate", abstract: "Simulate an annotator who corrects masks click by click, and measure what each click gives.",
        discussion: """
            The annotator knows the truth of every frame, clicks where a mask is wrong, and sees what that changes. "sam-pt" is the experiment of \
            SAM-PT's section 4.6 (frame after frame until it is good enough), "sam2-offline" and "sam2-online" are SAM 2's (some clicks in up to 8 \
            frames). "figure" draws several simulations into one picture, such as the paper's Figure 5:

              sampt simulate sam-pt davis2017 --root DAVIS --out tracked/
              sampt simulate sam-pt davis2017 --root DAVIS --out single/ \\
                --no-tracking --offline
              sampt simulate figure tracked/ single/ --out figure5/

            \(CommandStatus.help)
            """,
        subcommands: [
            SimulateSAMPT.self, SimulateSAM2<SAM2Offline>.self, SimulateSAM2<SAM2Online>.self, SimulateMerge.self, SimulateFigure.self,
        ])
}
