import Media
import Testing

@testable import Segmenters

/// How frames lie in the built-in networks' input.
struct NanoInputGridTests {
    /// Width and height of the frame, of the frame in the input, and of the input.
    @Test(arguments: [
        ([854, 480], [640, 352], [640, 352]), ([1920, 1080], [640, 352], [640, 352]), ([1080, 1920], [352, 640], [352, 640]),
        ([640, 480], [640, 480], [640, 480]), ([3000, 2000], [640, 416], [640, 416]), ([500, 500], [640, 640], [640, 640]),
        ([320, 240], [640, 480], [640, 480]), ([576, 320], [640, 352], [640, 352]),
        // Filling it would change the form by more than 4 %.
        ([1920, 802], [640, 267], [640, 288]), ([640, 50], [640, 50], [640, 64]), ([4000, 1], [640, 1], [640, 32]),
    ])
    func sizes(frame: [Int], resized: [Int], input: [Int]) {
        let grid = NanoInputGrid(frame: ImageSize(width: frame[0], height: frame[1]))
        #expect([grid.resized.width, grid.resized.height] == resized)
        #expect([grid.input.width, grid.input.height] == input)
        #expect(grid.scale.x == Float(resized[0]) / Float(frame[0]) && grid.scale.y == Float(resized[1]) / Float(frame[1]))
    }
}
