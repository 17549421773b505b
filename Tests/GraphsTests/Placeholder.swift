import Testing
@testable import Graphs
