import "../styles/base.css";
import "../styles/proctor.css";
import { strings } from "../strings";
import { takeLogin } from "../ui/entry";
import { showNotice } from "../ui/notice";
import { ProctorPage } from "./page";

const root = document.querySelector("#page") ?? document.body;
const login = takeLogin("proctor");
if (login === null) showNotice(root, strings.noLink);
else void new ProctorPage(root, login).run();
