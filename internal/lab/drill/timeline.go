package drill

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// The measures of a timeline, in units of its drawing.
const (
	drawingWidth = 1000.0
	labelWidth   = 200.0
	rightMargin  = 12.0
	headHeight   = 44.0
	clientHeight = 26.0
	nodeHeight   = 17.0
	laneGap      = 4.0
	nodesGap     = 22.0
	axisHeight   = 22.0
)

// timeline is the drawing of one fault: a lane for each client, in which each second is a
// bar, and below them a lane for each node.
type timeline struct {
	Width, Height, Left, Right, Top, Bottom float64
	// Fault is the time of the fault, and Marks are what is written above it.
	Fault box
	Marks []mark
	Ticks []mark
	Lanes []lane
	Nodes []lane
	// NodesTitle is where the heading of the nodes stands.
	NodesTitle float64
	Sentence   string
}

type box struct {
	X, Y, W, H   float64
	Class, Title string
}

type mark struct {
	X, Y        float64
	Text, Class string
	// Anchor is on which side of its place the text stands.
	Anchor string
}

type lane struct {
	Label, Note, Class string
	Y, Middle          float64
	Base               float64
	// Good and Bad are the bars of a client, as paths.
	Good, Bad, Title string
	Boxes            []box
}

// place returns where a time is in the drawing.
func (r Run) place(seconds float64) float64 {
	return rounded(labelWidth + (drawingWidth-labelWidth-rightMargin)*min(1, seconds/max(1, r.Ended)))
}

func rounded(x float64) float64 { return math.Round(x*10) / 10 }

func (r Run) timeline() *timeline {
	t := &timeline{
		Width: drawingWidth, Left: labelWidth, Right: drawingWidth - rightMargin, Top: headHeight,
		Sentence: fmt.Sprintf("Requests of each client and the state of each node over %.0f seconds. The fault lasts from %.0f s to %.0f s.", r.Ended, r.Injected, r.Undone),
	}
	y := headHeight
	for _, client := range r.Clients {
		t.Lanes = append(t.Lanes, r.clientLane(client, y))
		y += clientHeight + laneGap
	}
	y += nodesGap
	t.NodesTitle = y - 8
	for _, node := range r.Nodes {
		t.Nodes = append(t.Nodes, r.nodeLane(node, y))
		y += nodeHeight + laneGap
	}
	t.Bottom = y
	t.Height = y + axisHeight
	t.Ticks = r.ticks(y)
	begin, end := r.place(r.Injected), r.place(r.Undone)
	// A fault of a moment is still to be seen.
	t.Fault = box{X: begin, Y: headHeight, W: max(3, end-begin), H: rounded(y - headHeight)}
	t.Marks = r.marks()
	return t
}

// marks are the moments of a fault, in two rows so that neighbors do not overlap.
func (r Run) marks() []mark {
	marks := []mark{{X: r.place(r.Injected), Y: 16, Text: fmt.Sprintf("fault %.0f s", r.Injected), Class: "fault", Anchor: "start"}}
	if r.Undone-r.Injected >= 1 {
		marks = append(marks, mark{X: r.place(r.Undone), Y: 34, Text: fmt.Sprintf("over %.0f s", r.Undone), Class: "fault", Anchor: "end"})
	}
	if r.HealthyBy != never {
		marks = append(marks, mark{X: r.place(r.Healthy), Y: 34, Text: fmt.Sprintf("well %.0f s", r.Healthy), Class: "well", Anchor: "start"})
	}
	for i, m := range marks {
		// What does not fit before the right edge stands on the other side.
		if m.Anchor == "start" && m.X > drawingWidth-90 {
			marks[i].Anchor, marks[i].Y = "end", 16
		}
	}
	return marks
}

func (r Run) clientLane(client ClientRun, y float64) lane {
	l := lane{Label: string(client.Kind), Note: client.Node, Y: y, Middle: y + clientHeight/2 + 4, Base: y + clientHeight}
	if client.Hit {
		l.Class = "hit"
	}
	most := 1
	for i := range client.OK {
		most = max(most, client.OK[i]+client.Bad[i])
	}
	var good, bad strings.Builder
	for second := range client.OK {
		if float64(second) >= r.Ended {
			break
		}
		x, next := r.place(float64(second)), r.place(float64(second+1))
		width := max(0.8, rounded(next-x)-0.6)
		level := l.Base
		level = bar(&good, x, level, width, clientHeight*float64(client.OK[second])/float64(most))
		bar(&bad, x, level, width, clientHeight*float64(client.Bad[second])/float64(most))
	}
	l.Good, l.Bad = good.String(), bad.String()
	l.Title = fmt.Sprintf("%s: %d attempts, %d failed, longest gap %.1f s", client.Client, client.Attempts, client.Failed, client.LongestGap)
	return l
}

// bar adds a bar that stands at a height to a path, and returns the height of its top. A
// path for all bars keeps the page of a long drill small.
func bar(path *strings.Builder, x, base, width, height float64) float64 {
	height = rounded(height)
	if height <= 0 {
		return base
	}
	fmt.Fprintf(path, "M%g %gh%gv%gh%gz", x, rounded(base), rounded(width), -height, -rounded(width))
	return base - height
}

func (r Run) nodeLane(node NodeRun, y float64) lane {
	l := lane{Label: node.Node, Y: y, Middle: y + nodeHeight/2 + 4, Base: y + nodeHeight}
	if slices.Contains(r.Victims, node.Node) {
		l.Class, l.Note = "victim", "hit"
	}
	for _, span := range node.Spans {
		x := r.place(span.From)
		b := box{x, y, max(0.5, rounded(r.place(span.To)-x)), nodeHeight, span.State, fmt.Sprintf("%s: %s, %.0f to %.0f s", node.Node, span.Word, span.From, span.To)}
		l.Boxes = append(l.Boxes, b)
		if strings.Contains(span.Word, holdsAddress) {
			l.Boxes = append(l.Boxes, box{b.X, rounded(y + nodeHeight - 4), b.W, 4, "holder", b.Title})
		}
	}
	return l
}

// holdsAddress is what scripts/watch.sh says of a database that has the address.
const holdsAddress = "has the address"

// ticks are the times below the drawing, of which there are at most twelve.
func (r Run) ticks(y float64) []mark {
	every := 5.0
	for _, candidate := range []float64{5, 10, 20, 30, 60, 120, 300, 600, 1800} {
		if every = candidate; r.Ended/candidate <= 12 {
			break
		}
	}
	var ticks []mark
	for at := 0.0; at <= r.Ended; at += every {
		m := mark{X: r.place(at), Y: y + 15, Text: fmt.Sprintf("%.0f s", at), Anchor: "middle"}
		if m.X > drawingWidth-30 {
			m.Anchor = "end"
		}
		ticks = append(ticks, m)
	}
	return ticks
}
